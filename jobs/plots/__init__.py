"""Figures of a data set, for jobs/plot_interactions.py.

    data      a row of a data set, read by h5py
    style     colours, numbers with as many digits as the values have, axes
    views     where the players are: on an image, a volume or a series
    draw      interactions and values on a view, on a row of words, on names
    figures   one function for each figure
"""
