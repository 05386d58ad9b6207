namespace Mesh.Http;

/// <summary>The head of a request whatever its wire form. In <see cref="Headers"/> there is no Host: that is <see cref="Authority"/>.
/// A request for another protocol has the form of HTTP/1.1, GET with Connection: upgrade and Upgrade, also where it came as extended CONNECT (RFC 8441).</summary>
public sealed class RequestHead
{
    public ByteText Method { get; } = new();

    /// <summary>host[:port] as the client gave it; empty only for HTTP/1.0 without Host.</summary>
    public ByteText Authority { get; } = new();

    /// <summary>Path and query, starting with /; or * for OPTIONS.</summary>
    public ByteText Target { get; } = new();

    /// <summary>As an HTTP/2 client gave it; empty means http.</summary>
    public ByteText Scheme { get; } = new();

    public HeaderList Headers { get; } = new();

    /// <summary>HTTP/1.0 peers know neither chunked bodies nor interim responses.</summary>
    public bool IsHttp10 { get; set; }

    public ReadOnlySpan<byte> Path
    {
        get
        {
            int query = Target.Span.IndexOf((byte)'?');
            return query < 0 ? Target.Span : Target.Span[..query];
        }
    }

    public ReadOnlySpan<byte> Query
    {
        get
        {
            int query = Target.Span.IndexOf((byte)'?');
            return query < 0 ? default : Target.Span[(query + 1)..];
        }
    }

    /// <summary>The authority without its port.</summary>
    public ReadOnlySpan<byte> Host
    {
        get
        {
            var authority = Authority.Span;
            int colon = authority.LastIndexOf((byte)':');
            return colon < 0 || authority[colon..].Contains((byte)']') ? authority : authority[..colon];
        }
    }

    public bool IsMethod(ReadOnlySpan<byte> name) => Method.Span.SequenceEqual(name);

    /// <summary>As <see cref="Clear"/>; the storage goes to the next head that is read on the loop.</summary>
    public void Release()
    {
        Clear();
        Method.Release();
        Authority.Release();
        Target.Release();
        Scheme.Release();
        Headers.Release();
    }

    public void Clear()
    {
        Method.Clear();
        Authority.Clear();
        Target.Clear();
        Scheme.Clear();
        Headers.Clear();
        IsHttp10 = false;
    }
}

public sealed class ResponseHead
{
    public int Status { get; set; }

    /// <summary>Forwarded between HTTP/1.1 hops as received; empty means the standard phrase.</summary>
    public ByteText Reason { get; } = new();

    public HeaderList Headers { get; } = new();

    public bool IsHttp10 { get; set; }

    public bool IsInterim => Status is >= 100 and < 200;

    /// <summary>As <see cref="Clear"/>; the storage goes to the next head that is read on the loop.</summary>
    public void Release()
    {
        Clear();
        Reason.Release();
        Headers.Release();
    }

    public void Clear()
    {
        Status = 0;
        Reason.Clear();
        Headers.Clear();
        IsHttp10 = false;
    }
}

/// <summary>How the end of a body is known. Length -1: not known before the end.</summary>
public readonly record struct BodyFraming(bool HasBody, long Length)
{
    public static readonly BodyFraming None = new(false, 0);
    public static readonly BodyFraming Streamed = new(true, -1);

    public static BodyFraming OfLength(long length) => new(length > 0, length);

    public bool IsStreamed => HasBody && Length < 0;
}
