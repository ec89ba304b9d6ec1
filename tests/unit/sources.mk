# SPDX-License-Identifier: MIT
UNIT_TESTS :=
UNIT_SUPPORT :=
