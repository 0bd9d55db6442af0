"""The picture that an authenticator app scans."""

import re

import qrcode

from linnapp.signing_in.factors import FactorAdapter

URL = "otpauth://totp/portal.example:alice%40northwind.example?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=portal"
RUN = re.compile(r"M(\d+) (\d+)h(\d+)")
# Where nobody compresses it.
MOST_BYTES = 5_000


def test_it_has_every_dark_square_and_no_other() -> None:
    picture = FactorAdapter().build_totp_svg(URL)
    code = qrcode.QRCode()
    code.add_data(URL)
    rows = code.get_matrix()
    runs = [tuple(map(int, run)) for run in RUN.findall(picture)]
    drawn = {(x + along, y) for x, y, length in runs for along in range(length)}
    assert drawn == {(x, y) for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark}
    assert f'viewBox="0 -.5 {len(rows)} {len(rows)}"' in picture
    assert len(picture) < MOST_BYTES
