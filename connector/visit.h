/* visit.h - iterating over links and objects for the application's operators.
 *
 * Operators may create and delete: each group's members are taken as a snapshot when the iteration reaches it, and
 * members deleted meanwhile are passed over. All answer the operator's value; err is set only when the failure is ours.
 */
#ifndef ZVOL_VISIT_H
#define ZVOL_VISIT_H

#include "open.h"

void zvol_link_info(H5L_info2_t *out, const zh_node *node);
void zvol_object_info(H5O_info2_t *out, void *obj, const zh_node *node);

/* H5Literate, H5Lvisit. */
herr_t zvol_link_iterate(void *obj, const H5VL_loc_params_t *lp, H5VL_link_iterate_args_t *it, zh_error *err);
/* H5Ovisit. */
herr_t zvol_object_visit(void *obj, const H5VL_loc_params_t *lp, H5VL_object_visit_args_t *v, zh_error *err);

#endif
