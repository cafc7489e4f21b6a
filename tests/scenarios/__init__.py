"""Situations that other products fell over; a test here carries its situation's number.

(44 is in ``tests/bot/test_erasing.py``, 45 in ``tests/connectors/test_widget_feedback.py``.)

What has no test yet, or only half of one:

==== ============================================== ===========================================
no.  situation                                      why
==== ============================================== ===========================================
39   two entries that differ by spaces or width     console of the knowledge base
40   a few bad rows in a large import               console of the knowledge base
41   one customer asks the same many times          console of the knowledge base
==== ============================================== ===========================================
"""
