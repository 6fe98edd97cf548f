/* names.c -- documents with ever new names, parsed by libxml2 in one context, or each in its own.
 *
 *     names one|each DOCUMENTS
 *
 * A context keeps the dictionary of all names that it has met, for as long as it
 * lives: xmlCtxtReset does not empty it.  Every document is freed.
 *
 * SPDX-License-Identifier: MIT
 */
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
feed_parse(xmlParserCtxtPtr context, int number)
{
	char text[4096];
	size_t length;
	xmlDocPtr document;
	int i, good;

	length = (size_t)snprintf(text, sizeof text, "<feed>");
	for (i = 0; i < 20; i++)
		length += (size_t)snprintf(text + length, sizeof text - length,
					   "<entry-%d-%d since=\"%d\">what there is to say</entry-%d-%d>",
					   number, i, number, number, i);
	length += (size_t)snprintf(text + length, sizeof text - length, "</feed>");
	document = xmlCtxtReadMemory(context, text, (int)length, "feed.xml", NULL, 0);
	good = document && xmlDocGetRootElement(document)->children;
	xmlFreeDoc(document);
	return good;
}

int
main(int argc, char **argv)
{
	int each = argc > 1 && strcmp(argv[1], "each") == 0;
	int n = argc > 2 ? atoi(argv[2]) : 1000, good = 0, i;
	xmlParserCtxtPtr context = xmlNewParserCtxt();

	for (i = 0; i < n; i++) {
		if (each) {
			xmlFreeParserCtxt(context);
			context = xmlNewParserCtxt();
		}
		good += feed_parse(context, i);
	}
	printf("%d documents\n", good);
	xmlFreeParserCtxt(context);
	xmlCleanupParser();
	return good != n;
}
