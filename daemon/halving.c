/*
 * halving - schemas that are too many for the server, or one that is broken.
 *
 *   n --> too long --> n / 2, until an address is taken
 *   `--> fault ----> n / 2, once each, … --> one alone: it is left out
 */
#include "daemon/halving.h"

#include "daemon/lane.h"

void halving_choose(struct halving *h, size_t left)
{
	if (!h->again) {
		h->n = left < HALVING_PAIRS ? left : HALVING_PAIRS;
		h->shorter = false;
	}
	h->again = false;
}

enum halving_next halving_judge(
	struct halving *h, const struct api_request *request)
{
	if (sync_halve(request, &h->n, &h->shorter)) {
		h->again = true;
		return HALVING_AGAIN;
	}
	if (!lane_fault(request))
		return HALVING_END;
	h->in_doubt = true;
	h->shorter = false;
	if (h->n > 1) {
		h->n /= 2;
		h->again = true;
		return HALVING_AGAIN;
	}
	if (h->n_left == HALVING_LEFT)
		return HALVING_END;
	h->n_left++;
	return HALVING_LEAVE;
}
