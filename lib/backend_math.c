/* backend_math.c -- what jemalloc's own heap profiling would ask of libm.
 *
 * That profiling (opt.prof) is never on: its options are read from
 * MALLOC_CONF, which jemalloc.syms keeps from it.  The calls are linked in all
 * the same, and would make the library need libm, which a program may not
 * otherwise load.  jemalloc.syms leads them here instead, to answers that are
 * wrong but harm nobody.
 *
 * SPDX-License-Identifier: MIT
 */
double gcprof_jesys_exp(double x);
double gcprof_jesys_log(double x);
double gcprof_jesys_round(double x);

double
gcprof_jesys_exp(double x)
{
	(void)x;
	return 0;
}

double
gcprof_jesys_log(double x)
{
	(void)x;
	return 0;
}

double
gcprof_jesys_round(double x)
{
	(void)x;
	return 0;
}
