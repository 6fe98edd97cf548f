/* order.h -- by what sites are ranked.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GCPROF_ORDER_H
#define GCPROF_ORDER_H

enum order {
	ORDER_LIVE,
	ORDER_OLD,
	ORDER_ALLOCATIONS,
	ORDER_BLOCKS,
	ORDER_AGE,
	ORDER_RETAINED,
	N_ORDERS,
	ORDER_GROWTH = N_ORDERS, /* of several snapshots only */
};
extern const char *const order_names[N_ORDERS + 1]; /* ended by NULL */

#endif
