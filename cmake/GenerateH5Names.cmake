# h5tab.def -> h5names.h: one pointer a name, and a macro of the name that goes through it.
file(STRINGS "${TABLE}" lines REGEX "^[^#]")
list(REMOVE_DUPLICATES lines)
set(members "")
set(macros "")
set(entries "")
foreach(line IN LISTS lines)
  string(STRIP "${line}" line)
  if(line STREQUAL "")
    continue()
  endif()
  set(optional 0)
  if(line MATCHES "^\\?")
    set(optional 1)
    string(SUBSTRING "${line}" 1 -1 line)
  endif()
  if(line MATCHES "_g$")
    string(APPEND members "    hid_t *${line}_;\n")
    string(APPEND entries "    X(${line}, ${optional}, 1) \\\n")
  else()
    string(APPEND members "    __typeof__(${line}) *${line}_;\n")
    string(APPEND entries "    X(${line}, ${optional}, 0) \\\n")
  endif()
  string(APPEND macros "#define ${line} (*zvol_h5.${line}_)\n")
endforeach()
set(text "/* Generated from h5tab.def: do not edit. */
#ifndef ZVOL_H5NAMES_H
#define ZVOL_H5NAMES_H

struct zvol_h5_table {
${members}};
extern struct zvol_h5_table zvol_h5;

#define zvol_h5_has(name) (zvol_h5.name##_ != NULL)

/* X(name, optional, is_data) */
#define ZVOL_H5_ENTRIES(X) \\
${entries}

${macros}
#endif
")
file(WRITE "${OUT}" "${text}")
