/* plugin.h -- what the plugin and its host both know.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_TESTS_PLUGIN_H
#define GCPROF_TESTS_PLUGIN_H

#include <cstddef>
#include <exception>

class __attribute__((visibility("default"))) plugin_error : public std::exception
{
};

#endif
