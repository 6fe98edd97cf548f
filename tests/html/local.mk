# tests/html/local.mk -- the HTML report in a browser.
#
# SPDX-License-Identifier: MIT

e2e_tests += tests/html/html.sh tests/html/view.sh

EXTRA_DIST += tests/html/browser.mjs tests/html/page.mjs tests/html/points.mjs tests/html/view.mjs

test_programs += tests/html/many
tests_html_many_SOURCES = tests/html/many.c
tests_html_many_CFLAGS = $(e2e_cflags) -O0

test_programs += tests/html/planted
tests_html_planted_SOURCES = tests/html/planted.cc
tests_html_planted_CXXFLAGS = $(e2e_cxxflags) -O1
