/* h5.h - HDF5 as the connector sees it: the only header that includes hdf5.h.
 *
 * The plug-in is linked with no HDF5 library. Every HDF5 function and data symbol it uses is listed in h5tab.def and
 * bound by dlsym to the library that loaded the plug-in (h5bind.c); the generated h5names.h makes H5Xfoo(...) a call
 * through that table, so the code below reads like any HDF5 code. Using an HDF5 name that is not in h5tab.def is a link
 * error.
 */
#ifndef ZVOL_H5_H
#define ZVOL_H5_H

#include <hdf5.h>
#include <H5VLconnector.h>
#include <H5VLconnector_passthru.h>
#include <H5VLnative.h>
#include <H5PLextern.h>

/* HDF5's constants check the header's version against the library's, and initialise the library, at each use. The one
 * would refuse every library but the one whose headers we were built with; the other has happened before any of our
 * callbacks runs. */
#undef H5CHECK
#define H5CHECK
#undef H5OPEN
#define H5OPEN

#include "h5names.h" /* generated from h5tab.def */

/* Binds the table to the HDF5 library that holds `caller` (an address in it). 0, or -1 with a reason in `why`.
 * Binding again to the same library is 0; to another one -2. */
int zvol_h5_bind(const void *caller, char *why, size_t nwhy);

#endif
