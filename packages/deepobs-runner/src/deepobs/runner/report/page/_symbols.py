"""plotly's markers as paths around the origin, for the legend beside the charts."""

SYMBOLS = {
    "circle": "M4,0A4,4 0 1 1 0,-4A4,4 0 0 1 4,0Z",
    "square": "M3.6,3.6H-3.6V-3.6H3.6Z",
    "triangle-up": "M-4.4,2.6H4.4L0,-4.6Z",
    "diamond": "M4.8,0L0,4.8L-4.8,0L0,-4.8Z",
    "triangle-down": "M-4.4,-2.6H4.4L0,4.6Z",
    "cross": "M4.4,1.5H1.5V4.4H-1.5V1.5H-4.4V-1.5H-1.5V-4.4H1.5V-1.5H4.4Z",
    "x": "M0,2L2.4,4.4 4.4,2.4 2,0 4.4,-2.4 2.4,-4.4 0,-2 "
    "-2.4,-4.4 -4.4,-2.4 -2,0 -4.4,2.4 -2.4,4.4Z",
    "star": "M0,-5.2L1.3,-1.7 4.9,-1.6 2,0.7 3.1,4.2 0,2.1 -3.1,4.2 -2,0.7 -4.9,-1.6 -1.3,-1.7Z",
    "pentagon": "M0,-4.8L4.6,-1.5 2.8,3.9 -2.8,3.9 -4.6,-1.5Z",
    "hexagon2": "M4.6,0L2.3,4 -2.3,4 -4.6,0 -2.3,-4 2.3,-4Z",
    "triangle-left": "M2.6,-4.4V4.4L-4.6,0Z",
    "triangle-right": "M-2.6,-4.4V4.4L4.6,0Z",
}
