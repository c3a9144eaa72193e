"use strict";
// Everything is defined: read the address, then draw what is in view.
report.start();
tables.start();
charts.start();
