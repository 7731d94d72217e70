/*
 * health - from passes that failed to a fault, and back.
 */
#include "daemon/health.h"

enum health_turn health_pass(
	struct health *h, bool good, int64_t now, int64_t fault_after)
{
	bool was = h->fault;

	if (good) {
		h->good_at = now;
		h->fault = false;
		return was ? HEALTH_RECOVERED : HEALTH_SAME;
	}
	h->fault = was || now - h->good_at >= fault_after;
	return h->fault && !was ? HEALTH_FAULT : HEALTH_SAME;
}
