/* What elements of foreign HDF5 files are read as. */
#include "h5_serve.h"

const char *hrs_h5_class_text(H5T_class_t class) {
  static const char *const text[] = {[H5T_INTEGER] = "integers",
                                     [H5T_FLOAT] = "floats",
                                     [H5T_TIME] = "times",
                                     [H5T_STRING] = "strings",
                                     [H5T_BITFIELD] = "bit fields",
                                     [H5T_OPAQUE] = "opaque bytes",
                                     [H5T_COMPOUND] = "compounds",
                                     [H5T_REFERENCE] = "references",
                                     [H5T_ENUM] = "an enumeration",
                                     [H5T_VLEN] = "variable-length lists",
                                     [H5T_ARRAY] = "arrays per element"};
  return class >= 0 && (size_t) class < sizeof text / sizeof *text ? text[class] : "unknown";
}

hrs_dtype hrs_h5_element_type(hid_t stored) {
  static const hrs_dtype integers[2][4] = {{HRS_U8, HRS_U16, HRS_U32, HRS_U64},
                                           {HRS_I8, HRS_I16, HRS_I32, HRS_I64}};
  size_t size = H5Tget_size(stored);
  switch (H5Tget_class(stored)) {
  case H5T_FLOAT:
    return size == 8 ? HRS_F64 : size == 4 || size == 2 ? HRS_F32 : HRS_NONE;
  case H5T_INTEGER: {
    bool with_sign = H5Tget_sign(stored) == H5T_SGN_2;
    return size == 1   ? integers[with_sign][0]
           : size == 2 ? integers[with_sign][1]
           : size == 4 ? integers[with_sign][2]
           : size == 8 ? integers[with_sign][3]
                       : HRS_NONE;
  }
  case H5T_ENUM:
    return size == 1 && H5Tget_nmembers(stored) == 2 ? HRS_BOOL : HRS_NONE;
  default:
    return HRS_NONE;
  }
}

static bool is_float(hrs_dtype type) {
  return type == HRS_F32 || type == HRS_F64;
}

static bool has_sign(hrs_dtype type) {
  return type == HRS_I8 || type == HRS_I16 || type == HRS_I32 || type == HRS_I64;
}

bool hrs_h5_holds(hrs_dtype wanted, hrs_dtype stored) {
  size_t from = hrs_dtype_size(stored), to = hrs_dtype_size(wanted);
  if (wanted == stored) return true;
  if (stored == HRS_BOOL || wanted == HRS_BOOL) return false;
  if (is_float(stored) || is_float(wanted))
    return wanted == HRS_F64 || (is_float(stored) && is_float(wanted) && from <= to);
  return has_sign(stored) == has_sign(wanted) && from <= to;
}
