"""Times as the protocol writes them."""
import datetime


def milliseconds(text):
    """Milliseconds since 1970 of an RFC 3339 UTC string with exactly three decimals."""
    assert len(text) == 24 and text.endswith("Z"), text
    moment = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return round(moment.replace(tzinfo=datetime.timezone.utc).timestamp() * 1000)
