/* Helpers around HDF5: reasons of failures, element types, attributes. */
#include "h5.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REASON = 512 };

void hrs_h5_quiet(void) {
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* HDF5 lists its stack from the innermost failure on; the first one is the reason. Where it quotes
 * the system ("error message = '...'"), those words alone are what a user needs. */
static herr_t keep_innermost(unsigned depth, const H5E_error2_t *error, void *context) {
  char *reason = context;
  if (depth > 0 || !error->desc) return 0;
  static const char QUOTE[] = "error message = '";
  const char *text = strstr(error->desc, QUOTE);
  if (text) {
    text += sizeof QUOTE - 1;
    const char *end = strchr(text, '\'');
    snprintf(reason, REASON, "%.*s", end ? (int)(end - text) : (int)strlen(text), text);
  } else {
    snprintf(reason, REASON, "%s", error->desc);
  }
  return 0;
}

const char *hrs_h5_reason(void) {
  static _Thread_local char reason[REASON];
  snprintf(reason, sizeof reason, "no reason given by HDF5");
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, reason);
  return reason;
}

hrs_status hrs_h5_error(hrs_status status, const char *file, int line, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return hrs_error_set(status, file, line, "%s: %s", text, hrs_h5_reason());
}

hid_t hrs_h5_memory_type(hrs_dtype type) {
  const hid_t types[HRS_DTYPE_LIMIT] = {
      [HRS_F32] = H5T_NATIVE_FLOAT,  [HRS_F64] = H5T_NATIVE_DOUBLE, [HRS_I8] = H5T_NATIVE_INT8,
      [HRS_I16] = H5T_NATIVE_INT16,  [HRS_I32] = H5T_NATIVE_INT32,  [HRS_I64] = H5T_NATIVE_INT64,
      [HRS_U8] = H5T_NATIVE_UINT8,   [HRS_U16] = H5T_NATIVE_UINT16, [HRS_U32] = H5T_NATIVE_UINT32,
      [HRS_U64] = H5T_NATIVE_UINT64, [HRS_BOOL] = H5T_NATIVE_UINT8};
  return types[type] > 0 ? types[type] : H5I_INVALID_HID;
}

hid_t hrs_h5_file_type(hrs_dtype type) {
  const hid_t types[HRS_DTYPE_LIMIT] = {
      [HRS_F32] = H5T_IEEE_F32LE, [HRS_F64] = H5T_IEEE_F64LE, [HRS_I8] = H5T_STD_I8LE,
      [HRS_I16] = H5T_STD_I16LE,  [HRS_I32] = H5T_STD_I32LE,  [HRS_I64] = H5T_STD_I64LE,
      [HRS_U8] = H5T_STD_U8LE,    [HRS_U16] = H5T_STD_U16LE,  [HRS_U32] = H5T_STD_U32LE,
      [HRS_U64] = H5T_STD_U64LE,  [HRS_BOOL] = H5T_STD_U8LE};
  return types[type] > 0 ? types[type] : H5I_INVALID_HID;
}

hid_t hrs_h5_string_type(size_t size) {
  hid_t type = H5Tcopy(H5T_C_S1);
  if (type < 0 || H5Tset_size(type, size) < 0 || H5Tset_cset(type, H5T_CSET_UTF8) < 0 ||
      (size != H5T_VARIABLE && H5Tset_strpad(type, H5T_STR_NULLPAD) < 0)) {
    hrs_h5_close(type);
    return H5I_INVALID_HID;
  }
  return type;
}

bool hrs_h5_exists(hid_t file, const char *path) {
  char part[1024];
  size_t length = strlen(path);
  if (length >= sizeof part) return false;
  memcpy(part, path, length + 1);
  /* H5Lexists wants every group on the way to exist. */
  for (size_t i = 1; i <= length; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    if (path[i - 1] == '/') continue;
    part[i] = '\0';
    if (H5Lexists(file, part, H5P_DEFAULT) <= 0) return false;
    part[i] = path[i];
  }
  return H5Oexists_by_name(file, path, H5P_DEFAULT) > 0;
}

static hrs_status set_attribute(hid_t object, const char *name, hid_t type, hid_t memory,
                                const void *data) {
  hrs_status status = HRS_OK;
  hid_t space = H5I_INVALID_HID, attribute = H5I_INVALID_HID;
  herr_t error;
  if (H5Aexists(object, name) > 0)
    HRS_H5_GO(error, H5Adelete(object, name), IO, "attribute %s cannot be replaced", name);
  HRS_H5_GO(space, H5Screate(H5S_SCALAR), IO, "attribute %s cannot be made", name);
  HRS_H5_GO(attribute, H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT), IO,
            "attribute %s cannot be made", name);
  HRS_H5_GO(error, H5Awrite(attribute, memory, data), IO, "attribute %s cannot be written", name);
done:
  hrs_h5_close(attribute);
  hrs_h5_close(space);
  return status;
}

hrs_status hrs_h5_set_text(hid_t object, const char *name, const char *text) {
  hid_t type = hrs_h5_string_type(*text ? strlen(text) : 1);
  hrs_status status = set_attribute(object, name, type, type, text);
  hrs_h5_close(type);
  return status;
}

hrs_status hrs_h5_set_number(hid_t object, const char *name, hrs_dtype type, double number) {
  return set_attribute(object, name, hrs_h5_file_type(type), H5T_NATIVE_DOUBLE, &number);
}

bool hrs_h5_close(hid_t handle) {
  if (handle < 0) return true;
  return H5Iget_type(handle) == H5I_FILE ? H5Fclose(handle) >= 0 : H5Idec_ref(handle) >= 0;
}
