"""`make bench`: what the main pages and calls cost, as multiples of the floor.

The site runs as it is deployed: production's settings, several web processes under granian, and a
PostgreSQL whose data reaches the disk, with a hundred thousand people in it. The floor is a plain
signed-in Django view behind the same middleware, with Django's own sessions and users, served the
same way and measured in turns with the rest, so that the ratios hold on any machine.
"""
