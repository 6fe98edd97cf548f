/* embed.c -- a script in QuickJS, embedded as programs do it: a runtime, a context,
 * all of it freed at the end.
 *
 *     embed SCRIPT ARGUMENT...
 *
 * SPDX-License-Identifier: MIT
 */
#include "quickjs-libc.h"
#include "quickjs.h"
#include <stdio.h>

int
main(int argc, char **argv)
{
	JSRuntime *runtime = JS_NewRuntime();
	JSContext *context;
	JSValue value;
	size_t length;
	uint8_t *text;
	int status = 0;

	if (argc < 2)
		return 2;
	js_std_init_handlers(runtime);
	context = JS_NewContext(runtime);
	js_std_add_helpers(context, argc - 2, argv + 2);
	text = js_load_file(context, &length, argv[1]);
	if (!text)
		return 2;
	value = JS_Eval(context, (const char *)text, length, argv[1], JS_EVAL_TYPE_GLOBAL);
	if (JS_IsException(value)) {
		js_std_dump_error(context);
		status = 1;
	}
	js_free(context, text);
	JS_FreeValue(context, value);
	js_std_free_handlers(runtime);
	JS_FreeContext(context);
	JS_FreeRuntime(runtime);
	return status;
}
