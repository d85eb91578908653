By2J<„A¨ñ0krXq™7qø<èïÍ¥ýêïÙmkcWij¿fŠjõ	,é8“mÒ¹¿¾Rë}ÞQÓt
R)Ð