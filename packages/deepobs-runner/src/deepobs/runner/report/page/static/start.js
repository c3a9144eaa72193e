"use strict";
// Everything is defined: read the address, then draw what is in view.
report.start();
tables.start();
if (typeof charts !== "undefined") charts.start(); // the leaderboard has none
