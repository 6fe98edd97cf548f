# tests/bench/local.mk -- what `make bench` runs.
#
# SPDX-License-Identifier: MIT
