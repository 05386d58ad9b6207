using System.Globalization;

namespace Mesh.Soak.Bodies;

internal enum Framing
{
    Length,
    Chunked,
    Close,
}

/// <summary>What a client asks a server for and sends it, all of it in the request's target: the server needs no state, and a log line repeats the request.</summary>
internal sealed record BodyWish
{
    public ulong Seed { get; init; }

    /// <summary>Of the response.</summary>
    public long Size { get; init; }

    public Framing Framing { get; init; }
    public bool Trailers { get; init; }

    /// <summary>In how many pieces the response is written, each flushed; 0: as the server likes.</summary>
    public int Pieces { get; init; }

    /// <summary>The server breaks the connection or stream off after that many bytes of the response; -1: never.</summary>
    public long ResetAt { get; init; } = -1;

    /// <summary>Bytes that the request carries, of the pattern of <see cref="UploadSeed"/>; -1: unknown to the server, because the client will break off.</summary>
    public long Upload { get; init; }

    /// <summary>Answer without reading the request's body.</summary>
    public bool Early { get; init; }

    /// <summary>The response is the request's body, as it comes.</summary>
    public bool Echo { get; init; }

    public int Status { get; init; } = 200;

    public ulong UploadSeed => ~Seed;

    public string Target => string.Create(CultureInfo.InvariantCulture,
        $"/body?seed={Seed:x}&size={Size}&framing={Framing}&trailers={Trailers}&pieces={Pieces}&reset={ResetAt}&upload={Upload}&early={Early}&echo={Echo}&status={Status}");

    /// <param name="query">Without the question mark.</param>
    public static BodyWish Parse(string query)
    {
        var fields = query.Split('&').Select(field => field.Split('=')).ToDictionary(field => field[0], field => field[1]);
        return new BodyWish
        {
            Seed = ulong.Parse(fields["seed"], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            Size = long.Parse(fields["size"], CultureInfo.InvariantCulture),
            Framing = Enum.Parse<Framing>(fields["framing"]),
            Trailers = bool.Parse(fields["trailers"]),
            Pieces = int.Parse(fields["pieces"], CultureInfo.InvariantCulture),
            ResetAt = long.Parse(fields["reset"], CultureInfo.InvariantCulture),
            Upload = long.Parse(fields["upload"], CultureInfo.InvariantCulture),
            Early = bool.Parse(fields["early"]),
            Echo = bool.Parse(fields["echo"]),
            Status = int.Parse(fields["status"], CultureInfo.InvariantCulture),
        };
    }
}
