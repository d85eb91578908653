# Writes OUTPUT with the commit that SOURCE stands at, "+" where it is changed, "unknown" outside a
# checkout.
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty=+ --abbrev=12
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
endif()
set(text "#define HRS_GIT \"${commit}\"\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT "${before}" STREQUAL "${text}")
  file(WRITE ${OUTPUT} "${text}")
endif()
