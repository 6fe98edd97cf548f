# tests/real/local.mk -- programs that others wrote, under the preloaded library.
#
# SPDX-License-Identifier: MIT
