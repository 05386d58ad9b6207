namespace Mesh.Http.Hpack;

/// <summary>A header block broke RFC 7541. The tables of both sides no longer agree, so the connection ends with COMPRESSION_ERROR.</summary>
internal sealed class HpackException(string reason) : Exception(reason);
