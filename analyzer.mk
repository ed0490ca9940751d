# What gcc's analyzer takes for wrong and is not: a line for each file and check, and above it why.
# What it finds and cannot say well (a NULL that a caller excludes) is better said in the code.
false_alarm = $(eval $(BUILD_DIR)/$(1:.c=.o): private CFLAGS += -Wno-analyzer-$(strip $(2)))

# gcc 13 and later follow descriptors, but not to where they are kept: every one that a function puts
# into a struct, or gives a number by dup2(), is "leaked" when it returns
ifneq ($(shell $(CC) -dumpversion),12)
CFLAGS += -Wno-analyzer-fd-leak -Wno-analyzer-fd-phase-mismatch
endif

# memset() returns the very memory that it was given, and so does the function
$(call false_alarm,harness/base/memory.c,malloc-leak)
# both arrays are initialised whole, and the places moved are among them
$(call false_alarm,harness/base/problem.c,out-of-bounds)
# only a staple of which a SingleResponse matches the leaf comes this far (judge_relevance)
$(call false_alarm,harness/clients/verdict.c,null-dereference)
