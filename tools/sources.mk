# SPDX-License-Identifier: MIT
SRC :=
