/* stacks-main.c -- calls the walk of stacks.c where that is a shared library.
 *
 * SPDX-License-Identifier: MIT
 */
int stacks_main(int argc, char **argv);

int
main(int argc, char **argv)
{
	int status = stacks_main(argc, argv);

	__asm__ volatile("" : "+r"(status));
	return status;
}
