"""Codings in a few lines, as ELAN and BORIS keep them."""

import json


def project(path, observations, points=()):
    """Observations by name: keys of BORIS's own; a behaviour is a state event unless it is among `points`."""
    codes = {event[2] for one in observations.values() for event in one["events"]}
    content = {
        "behaviors_conf": {
            str(i): {"code": code, "type": "Point event" if code in points else "State event"}
            for i, code in enumerate(sorted(codes))
        },
        "observations": observations,
    }
    path.write_text(json.dumps(content))
    return path


def observation(*events, files=("D:\\videos\\video.mp4",), **more):
    """Events are (time, behaviour[, modifier[, subject]])."""
    rows = [[time, (*rest, "", "")[2] if len(rest) > 2 else "", rest[0], (*rest, "")[1], ""] for time, *rest in events]
    info = {"length": dict.fromkeys(files, 6.0)}
    return {"file": {"1": list(files), "2": []}, "type": "MEDIA", "events": rows, "media_info": info} | more


def eaf(path, tiers, slots=(), media='<MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/video.mp4" MIME_TYPE="video/mp4"/>'):
    """An EAF of tiers (name, type, parent, annotations); an annotation is (id, slots or what it refers to, text)."""
    text = [f'<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds">{media}</HEADER><TIME_ORDER>']
    text += [
        f'<TIME_SLOT TIME_SLOT_ID="{n}"' + (f' TIME_VALUE="{t}"' if t is not None else "") + "/>" for n, t in slots
    ]
    text.append("</TIME_ORDER>")
    for name, kind, parent, annotations in tiers:
        text.append(
            f'<TIER TIER_ID="{name}" LINGUISTIC_TYPE_REF="{kind}"' + (f' PARENT_REF="{parent}"' * bool(parent)) + ">"
        )
        for key, place, value in annotations:
            if isinstance(place, tuple):
                refs = f'TIME_SLOT_REF1="{place[0]}" TIME_SLOT_REF2="{place[1]}"'
                start = f'<ALIGNABLE_ANNOTATION ANNOTATION_ID="{key}" {refs}>'
                end = "</ALIGNABLE_ANNOTATION>"
            else:
                start, end = f'<REF_ANNOTATION ANNOTATION_ID="{key}" ANNOTATION_REF="{place}">', "</REF_ANNOTATION>"
            text.append(f"<ANNOTATION>{start}<ANNOTATION_VALUE>{value}</ANNOTATION_VALUE>{end}</ANNOTATION>")
        text.append("</TIER>")
    text += [
        f'<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="{kind}" CONSTRAINTS="{kind}"/>'
        for kind in ("Time_Subdivision", "Included_In", "Symbolic_Subdivision", "Symbolic_Association")
    ]
    path.write_text("".join(text) + "</ANNOTATION_DOCUMENT>", encoding="utf-8")
    return path
