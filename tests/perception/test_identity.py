from __future__ import annotations

from kinesics.perception.identity import Piece, join_pieces


def piece(start: float, end: float, x: float, size: float = 100) -> Piece:
    return Piece((start, end), (x, 300), (x, 300), size)


def test_pieces_in_the_same_place_are_one_person() -> None:
    assert join_pieces([piece(5, 9, 520), piece(0, 4, 500), piece(10, 12, 480)]) == [[1, 0, 2]]


def test_pieces_that_overlap_in_time_are_never_one() -> None:
    assert join_pieces([piece(0, 5, 500), piece(4, 9, 500)]) == [[0], [1]]


def test_far_and_unlike_pieces_are_others() -> None:
    assert join_pieces([piece(0, 4, 500), piece(5, 9, 900)]) == [[0], [1]]
    assert join_pieces([piece(0, 4, 500), piece(5, 9, 500, size=200)]) == [[0], [1]]


def test_each_piece_continues_whom_it_fits_best() -> None:
    left, right = piece(0, 4, 300), piece(0, 5, 480)
    assert join_pieces([left, right, piece(6, 9, 470), piece(6, 9, 310)]) == [[0, 3], [1, 2]]
