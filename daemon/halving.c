/*
 * halving - schemas that are too many for the server, or one that is broken.
 *
 *   n --> too long --> n / 2, until an address is taken
 *   `--> fault ----> n / 2, once each, … --> one alone: it is left out
 */
#include "daemon/halving.h"

#include "daemon/lane.h"

enum halving_next halving_judge(
	struct halving *h, const struct api_request *request)
{
	if (sync_halve(request, &h->n, &h->shorter))
		return HALVING_AGAIN;
	if (!lane_fault(request))
		return HALVING_END;
	h->in_doubt = true;
	h->shorter = false;
	h->halved = h->n > 1;
	if (h->halved) {
		h->n /= 2;
		return HALVING_AGAIN;
	}
	if (h->n_left == HALVING_LEFT)
		return HALVING_END;
	h->n_left++;
	return HALVING_LEAVE;
}
