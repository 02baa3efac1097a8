"""Files that refer to others: each is made for one target, which is a path or an address."""

import json

from good_files import book, gltf, model, open_document, packed, pdf, picture

SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n{}\n#EXT-X-ENDLIST\n"


def obj(to):
    """A material library."""
    return f"mtllib {to}\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 1\nf 1 2 3\n".encode()


def tree(part, **values):
    """A glTF with a part of its own."""
    made = json.loads(gltf())
    made.setdefault(part, [{}])[0].update(values)
    return json.dumps(made).encode()


def collada(to):
    """An image of a COLLADA model."""
    image = f'<library_images><image id="i"><init_from>{to}</init_from></image></library_images>'
    return model("dae").replace(b"<library_geom", image.encode() + b"<library_geom", 1)


def doctype(root, to):
    """A definition elsewhere, an entity of it, and one of its parameters."""
    return (
        f'<!DOCTYPE {root} SYSTEM "{to}" [<!ENTITY x SYSTEM "{to}">'
        f'<!ENTITY % y SYSTEM "{to}"> %y;]>'
    )


def model_3mf(to):
    """A part in another file, by a link of the package and an entity."""
    relation = f'<Relationships><Relationship Target="{to}" Id="a" Type="t"/></Relationships>'
    body = f'{doctype("model", to)}<model xmlns="{CORE}"><resources/><build>&x;</build></model>'
    return packed({"3D/3dmodel.model": body, "3D/_rels/3dmodel.model.rels": relation})


def ply(to):
    """A texture of a PLY."""
    return model("ply").replace(b"ply\n", f"ply\ncomment TextureFile {to}\n".encode(), 1)


def xmp(to):
    """An entity in the metadata of a picture."""
    told = f'{doctype("x", to)}<x:xmpmeta xmlns:x="adobe:ns:meta/">&x;</x:xmpmeta>'
    return picture("jpeg", xmp=told.encode())


def pdf_action(kind):
    """A PDF that does something when it is opened."""
    return lambda to: pdf("x").replace(
        b"/Catalog", f"/Catalog/OpenAction<</S/{kind}/F({to})/URI({to})>>".encode()
    )


def word(to):
    """A template and a picture of a Word file, and an entity."""
    body = f"{doctype('a', to)}<a><p><t>Dog &x;</t></p></a>"
    relation = f'<Relationship Id="a" Type="t" TargetMode="External" Target="{to}"/>'
    return packed(
        {
            "word/document.xml": body,
            "word/_rels/document.xml.rels": f"<Relationships>{relation}</Relationships>",
        }
    )


def page(element):
    """A page with one element."""
    return lambda to: f"<!doctype html><p>A dog.</p>{element.replace('@', to)}".encode()


def written(text):
    """Any text that names the target in place of @."""
    return lambda to: text.replace("@", to).encode()


ESCAPES = {
    "obj": obj,
    "obj map": lambda to: obj(to).replace(b"usemtl", b"shadow_obj " + to.encode() + b"\nusemtl"),
    "gltf buffer": lambda to: tree("buffers", uri=to),
    "gltf image": lambda to: tree("images", uri=to),
    "ply": ply,
    "collada": collada,
    "collada entity": lambda to: doctype("COLLADA", to).encode() + model("dae")[22:],
    "3mf": model_3mf,
    "x3d": written("<?xml version='1.0'?><X3D><Scene><Inline url='\"@\"'/>Dog</Scene></X3D>"),
    "svg image": written(f"<svg {SVG}><image xlink:href='@'/><text>Dog</text></svg>"),
    "svg use": written(f"<svg {SVG}><use href='@#a'/><text>Dog</text></svg>"),
    "svg style": written(f"<svg {SVG}><style>@import url(@);</style><text>Dog</text></svg>"),
    "svg entity": lambda to: f"{doctype('svg', to)}<svg {SVG}><text>Dog &x;</text></svg>".encode(),
    "xml definition": lambda to: f"<?xml version='1.0'?>{doctype('a', to)}<a>&x;</a>".encode(),
    "xml include": written(
        "<?xml version='1.0'?><a xmlns:i='http://www.w3.org/2001/XInclude'>"
        "Dog<i:include href='@' parse='text'/></a>"
    ),
    "xml style": written("<?xml version='1.0'?><?xml-stylesheet href='@'?><a>Dog</a>"),
    "xml schema": written(
        "<?xml version='1.0'?><a xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
        " xsi:noNamespaceSchemaLocation='@'>Dog</a>"
    ),
    "html image": page("<img src='@'>"),
    "html script": page("<script src='@'></script>"),
    "html frame": page("<iframe src='@'></iframe>"),
    "html style": page("<link rel=stylesheet href='@'><base href='@'>"),
    "html refresh": page("<meta http-equiv=refresh content='0;url=@'>"),
    "html object": page("<object data='@'></object><embed src='@'>"),
    "md": written("# Dog\n\n![a](@)\n\n[b](@)\n"),
    "epub page": lambda to: book("<p>Dog</p>", href=to),
    "epub picture": lambda to: book(f"<p>Dog <img src='{to}'/></p>"),
    "epub entity": lambda to: book("<p>Dog</p>", head=doctype("package", to)),
    "docx": word,
    "odt": lambda to: open_document("Dog &x;", doctype("office:document-content", to)),
    "rtf": written('{\\rtf1{\\field{\\*\\fldinst INCLUDETEXT "@"}{\\fldrslt Dog}}}'),
    "pdf launch": pdf_action("Launch"),
    "pdf address": pdf_action("URI"),
    "pdf other": pdf_action("GoToR"),
    "jpeg xmp": xmp,
    "hls part": written(HLS.format("#EXTINF:5,\n@")),
    "hls child": written("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n@\n"),
    "hls key": written(HLS.format('#EXT-X-KEY:METHOD=AES-128,URI="@"\n#EXTINF:5,\n@')),
    "hls map": written(HLS.format('#EXT-X-MAP:URI="@"\n#EXTINF:5,\n@')),
    "concat": written("ffconcat version 1.0\nfile '@'\nfile @\n"),
    "dash": written(
        "<?xml version='1.0'?><MPD><Period><AdaptationSet mimeType='video/mp4'>"
        "<Representation id='1'><BaseURL>@</BaseURL></Representation></AdaptationSet></MPD>"
    ),
    "sdp": written("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=@\nm=audio 5004 RTP/AVP 0\n"),
    "pls": written("[playlist]\nFile1=@\nNumberOfEntries=1\nVersion=2\n"),
    "smil": written("<smil><body><video src='@'/><ref src='@'/></body></smil>"),
    "asx": written("<ASX version='3'><Entry><Ref href='@'/></Entry></ASX>"),
    "srt": written("1\n00:00:01,000 --> 00:00:02,000\n<img src='@'>Dog\n"),
    "vtt": written("WEBVTT\n\nSTYLE\n@import url(@);\n\n00:01.000 --> 00:02.000\n<c.a>Dog @</c>\n"),
    "idx": written("# VobSub index file, v7\nsubfile: @\ntimestamp: 00:00:01:000, filepos: 0\n"),
    "mlt": written("<?xml version='1.0'?><mlt><producer><property>@</property></producer></mlt>"),
}
"""What refers, to a function of the target that makes the file."""
