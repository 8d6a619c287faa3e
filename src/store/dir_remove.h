/* dir_remove.h - removing directory trees, relative to descriptors and without following links. */
#ifndef ZH_DIR_REMOVE_H
#define ZH_DIR_REMOVE_H

/* Removes all that is in the directory name of the directory at, but not the directory itself. keep: name of a file
 * that stays, or NULL. Keeps a bounded number of descriptors open, however deep the tree. Answers 0 or an errno. */
int zh_dir_remove_content(int at, const char *name, const char *keep);

/* Removes the directory name of the directory at, if no more than directories lie in it, and those as deep as a few
 * descriptors reach. 0 or an errno; ENOTEMPTY: there is something else, and some empty directories may be gone. */
int zh_dir_remove_hollow(int at, const char *name);

#endif
