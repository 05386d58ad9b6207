using System.Net;
using Mesh.Soak.Bodies;
using Mesh.Soak.Serving;

namespace Mesh.Soak.Loading.Kinds;

/// <summary>Requests and responses by the framework's HTTP client, every version to every version: all framings, early answers, resets by the server,
/// broken off by the client.</summary>
internal static class Bodies
{
    /// <summary>A port and what is behind it.</summary>
    /// <param name="IsRaw">The server that also ends bodies with the connection.</param>
    private readonly record struct Way(int Port, bool IsHttp2, bool IsRaw);

    public static async Task DownloadAsync(Conversation talk)
    {
        var (draw, way) = (talk.Draw, Choose(talk));
        var wish = Wish(draw, way) with { Status = draw.Of(200, 200, 200, 404, 500), Trailers = draw.OneIn(3) };
        if (!way.IsRaw && draw.OneIn(20)) wish = wish with { Status = draw.Of(204, 304), Size = 0, Framing = Framing.Length, Trailers = false };
        bool head = !way.IsRaw && draw.OneIn(20);
        int id = talk.Ledger.Begin();
        using var request = Request(talk, head ? HttpMethod.Head : HttpMethod.Get, way, wish, id);
        using var response = await SendAsync(talk, request, way);
        MustAnswer(response, wish, talk.Ledger.Text(id));
        var check = new PatternCheck(wish.Seed, head ? 0 : wish.Size);
        await ReadAsync(talk, response, check, draw.OneIn(30) && wish.Size > 100_000 ? TimeSpan.FromMilliseconds(500) : TimeSpan.Zero);
        check.MustEnd();
        bool sent = way.IsRaw || way.Port == talk.Target.Http2 || way.Port == talk.Target.DetectedHttp2; // the other server has none in HTTP/1.1
        if (wish.Trailers && sent && wish.Framing == Framing.Chunked && !head) MustHaveTrailer(response, wish);
        talk.Ledger.End(id, 0, head ? 0 : wish.Size);
    }

    public static async Task UploadAsync(Conversation talk)
    {
        var (draw, way) = (talk.Draw, Choose(talk));
        var wish = Wish(draw, way) with { Upload = draw.Size(), Size = draw.Size(50_000) };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, HttpMethod.Post, way, wish, id);
        request.Content = new PatternContent(wish.UploadSeed, wish.Upload, draw.OneIn(2), draw.Of(1_001, 16_384, 60_000));
        if (draw.OneIn(4)) request.Headers.ExpectContinue = true;
        using var response = await SendAsync(talk, request, way);
        MustAnswer(response, wish, talk.Ledger.Text(id));
        MustBe("verdict of the upload", "ok", Field(response, BodyApplication.UploadField));
        var check = new PatternCheck(wish.Seed, wish.Size);
        await ReadAsync(talk, response, check, TimeSpan.Zero);
        check.MustEnd();
        talk.Ledger.End(id, wish.Upload, wish.Size);
    }

    /// <summary>Both bodies at once, which HTTP/2 allows.</summary>
    public static async Task EchoAsync(Conversation talk)
    {
        var draw = talk.Draw;
        var way = new Way(draw.OneIn(3) ? talk.Target.Http1 : talk.Target.Http2, true, false);
        int size = draw.Size(1 << 20);
        var wish = new BodyWish { Seed = draw.Next(), Size = size, Upload = size, Echo = true, Framing = Framing.Chunked };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, HttpMethod.Post, way, wish, id);
        request.Content = new PatternContent(wish.UploadSeed, size, draw.OneIn(2), draw.Of(1_001, 16_384, 60_000));
        using var response = await SendAsync(talk, request, way);
        MustAnswer(response, wish, talk.Ledger.Text(id));
        var check = new PatternCheck(wish.UploadSeed, size);
        await ReadAsync(talk, response, check, TimeSpan.Zero);
        check.MustEnd();
        talk.Ledger.End(id, size, size);
    }

    /// <summary>The server breaks off in the middle of its response: the client must get right bytes and then an error, never an end.</summary>
    public static async Task ServerResetAsync(Conversation talk)
    {
        var (draw, way) = (talk.Draw, Choose(talk));
        var wish = Wish(draw, way) with { Size = 2000 + draw.Size() };
        wish = wish with { ResetAt = 1 + draw.Below((int)wish.Size - 1) };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, HttpMethod.Get, way, wish, id);
        var check = new PatternCheck(wish.Seed, wish.Size);
        try
        {
            using var response = await SendAsync(talk, request, way);
            if (response.StatusCode is not (HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable))
            {
                MustAnswer(response, wish, talk.Ledger.Text(id));
                await ReadAsync(talk, response, check, TimeSpan.Zero);
                throw new WrongException($"the body ended in order after {check.Position} bytes, but the server broke it off after {wish.ResetAt} of {wish.Size}");
            }
            talk.Ledger.End(id);
        }
        catch (Exception error) when (error is HttpRequestException or IOException)
        {
            // As it should be.
        }
        if (check.Position > wish.ResetAt) throw new WrongException($"{check.Position} bytes came, but the server sent {wish.ResetAt}");
    }

    /// <summary>The client leaves in the middle of the response.</summary>
    public static async Task LeaveAsync(Conversation talk)
    {
        var (draw, way) = (talk.Draw, Choose(talk));
        var wish = Wish(draw, way) with { Size = 2000 + draw.Size() };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, HttpMethod.Get, way, wish, id);
        using var response = await SendAsync(talk, request, way);
        MustAnswer(response, wish, talk.Ledger.Text(id));
        await using var body = await response.Content.ReadAsStreamAsync(talk.Bound);
        byte[] bytes = new byte[1 + draw.Below((int)wish.Size - 1)];
        int read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, talk.Bound);
        var check = new PatternCheck(wish.Seed, wish.Size);
        check.Must(bytes.AsSpan(0, read));
        if (read < bytes.Length) throw new WrongException($"the body ended after {read} of {wish.Size} bytes");
        talk.Ledger.End(id);
    }

    /// <summary>The client leaves in the middle of its own body; the server must not see an end.</summary>
    public static async Task BreakUploadOffAsync(Conversation talk)
    {
        var draw = talk.Draw;
        var way = draw.Of(new Way(talk.Target.Http1, draw.OneIn(2), false), new Way(talk.Target.Http2, draw.OneIn(2), false));
        long size = 2000 + draw.Size();
        var wish = new BodyWish { Seed = draw.Next(), Size = 10, Upload = -1 };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, HttpMethod.Post, way, wish, id);
        request.Content = new PatternContent(wish.UploadSeed, size, draw.OneIn(2), draw.Of(1_001, 16_384), 1 + draw.Below((int)size - 1));
        try
        {
            using var response = await SendAsync(talk, request, way);
            throw new WrongException($"status {(int)response.StatusCode} although the request was broken off");
        }
        catch (HttpRequestException)
        {
            // As it should be.
        }
    }

    /// <summary>The server answers without having read the request's body, which is larger than all windows and buffers on the way.</summary>
    public static async Task EarlyAnswerAsync(Conversation talk)
    {
        var draw = talk.Draw;
        var way = new Way(draw.Of(talk.Target.Http1, talk.Target.Http2), true, false);
        var wish = new BodyWish { Seed = draw.Next(), Size = draw.Size(200_000), Upload = 16 << 20, Early = true, Status = 413 };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, HttpMethod.Post, way, wish, id);
        request.Content = new PatternContent(wish.UploadSeed, wish.Upload, draw.OneIn(2), 60_000);
        using var response = await SendAsync(talk, request, way);
        MustAnswer(response, wish, talk.Ledger.Text(id));
        var check = new PatternCheck(wish.Seed, wish.Size);
        await ReadAsync(talk, response, check, TimeSpan.Zero);
        check.MustEnd();
        talk.Ledger.End(id, down: wish.Size);
    }

    private static Way Choose(Conversation talk)
    {
        var (draw, target) = (talk.Draw, talk.Target);
        bool isHttp2 = draw.OneIn(2);
        return draw.Below(10) switch
        {
            < 4 => new Way(target.Http1, isHttp2, false),
            < 7 => new Way(target.Http2, isHttp2, false),
            < 8 when target.DetectedHttp > 0 => new Way(isHttp2 ? target.DetectedHttp2 : target.DetectedHttp, isHttp2, false),
            _ => new Way(target.RawHttp, isHttp2, true),
        };
    }

    private static BodyWish Wish(Draw draw, Way way) => new()
    {
        Seed = draw.Next(),
        Size = draw.Size(),
        Framing = way.IsRaw ? draw.Of(Framing.Length, Framing.Chunked, Framing.Close) : draw.Of(Framing.Length, Framing.Chunked),
        Pieces = draw.OneIn(5) ? 1 + draw.Below(20) : 0,
    };

    private static HttpRequestMessage Request(Conversation talk, HttpMethod method, Way way, BodyWish wish, int id)
    {
        talk.Doing = $"{method} {(way.IsHttp2 ? "HTTP/2" : "HTTP/1.1")} {talk.Target.Host}:{way.Port}{wish.Target} as {talk.Ledger.Text(id)}";
        return HttpClients.Request(method, talk.Target.Host, way.Port, wish.Target, way.IsHttp2, talk.Ledger.Text(id));
    }

    private static Task<HttpResponseMessage> SendAsync(Conversation talk, HttpRequestMessage request, Way way) =>
        talk.Http.Of(way.IsHttp2).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, talk.Bound);

    private static async Task ReadAsync(Conversation talk, HttpResponseMessage response, PatternCheck check, TimeSpan stall)
    {
        await using var body = await response.Content.ReadAsStreamAsync(talk.Bound);
        if (stall > TimeSpan.Zero) await Task.Delay(stall, TimeProvider.System, talk.Bound);
        byte[] buffer = new byte[32 * 1024];
        while (await body.ReadAsync(buffer, talk.Bound) is > 0 and int read) check.Must(buffer.AsSpan(0, read));
    }

    private static void MustAnswer(HttpResponseMessage response, BodyWish wish, string id)
    {
        string error = Field(response, "x-mesh-error");
        if ((int)response.StatusCode != wish.Status) throw new WrongException($"status {(int)response.StatusCode}, expected {wish.Status}; x-mesh-error: {error}");
        MustBe("the request that was answered", id, Field(response, BodyApplication.IdField));
    }

    private static void MustHaveTrailer(HttpResponseMessage response, BodyWish wish)
    {
        string seen = response.TrailingHeaders.TryGetValues(BodyApplication.SizeTrailer, out var values) ? string.Join(",", values) : "none";
        MustBe("trailer", wish.Size.ToString(System.Globalization.CultureInfo.InvariantCulture), seen);
    }

    private static void MustBe(string what, string expected, string seen)
    {
        if (seen != expected) throw new WrongException($"{what}: '{seen}', expected '{expected}'");
    }

    private static string Field(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(",", values) : "";
}
