# Writes OUTPUT with the commit that SOURCE stands at, "+" where it is changed. Outside a
# checkout, where a container is built, HARSANYI_COMMIT says it; else it is "unknown".
execute_process(COMMAND git -C ${SOURCE} describe --always --dirty=+ --abbrev=12
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(commit $ENV{HARSANYI_COMMIT})
  if(NOT commit MATCHES "^[0-9A-Za-z.+-]+$")
    set(commit unknown)
  endif()
endif()
set(text "#define HRS_GIT \"${commit}\"\n")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} before)
endif()
if(NOT "${before}" STREQUAL "${text}")
  file(WRITE ${OUTPUT} "${text}")
endif()
