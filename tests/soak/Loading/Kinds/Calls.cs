using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Mesh.Soak.Bodies;
using Mesh.Soak.Serving;

namespace Mesh.Soak.Loading.Kinds;

/// <summary>Calls in the shape of gRPC over the framework's HTTP/2 client: unary, streams in either and both directions, errors, cancellation, deadlines.</summary>
internal static class Calls
{
    private const int DeadlineExceeded = 4;

    /// <summary>Before every message: a flag and its length.</summary>
    private const int Prefix = 5;

    public static async Task CallAsync(Conversation talk)
    {
        var draw = talk.Draw;
        var (up, down) = draw.Of((1, 1), (1, 1), (1, 20), (20, 1), (12, 12));
        var wish = new BodyWish { Seed = draw.Next(), Upload = up, Pieces = down, Size = draw.Size(20_000), Status = draw.OneIn(10) ? 9 : 200 };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, "Call", wish, id);
        request.Content = new Messages(wish, up);
        using var response = await SendAsync(talk, request);
        MustAnswer(response, talk.Ledger.Text(id));
        await using var body = await response.Content.ReadAsStreamAsync(talk.Bound);
        for (int i = 0; i < down; i++) await ReadMessageAsync(body, wish.Seed + (ulong)i, (int)wish.Size, talk.Bound);
        await MustEndAsync(body, talk.Bound);
        MustHave(response, "grpc-status", wish.Status == 200 ? 0 : wish.Status);
        MustHave(response, "x-messages", up);
        talk.Ledger.End(id, up * (wish.Size + Prefix), down * (wish.Size + Prefix));
    }

    /// <summary>An error without any message: status in the head.</summary>
    public static async Task FailAsync(Conversation talk)
    {
        var wish = new BodyWish { Seed = talk.Draw.Next(), Upload = 0, Pieces = 0, Status = 5 };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, "Fail", wish, id);
        request.Content = new Messages(wish, 0);
        using var response = await SendAsync(talk, request);
        MustAnswer(response, talk.Ledger.Text(id));
        await using var body = await response.Content.ReadAsStreamAsync(talk.Bound);
        await MustEndAsync(body, talk.Bound);
        string status = response.Headers.TryGetValues("grpc-status", out var values) ? values.First() : "";
        if (status != "5") throw new WrongException($"grpc-status '{status}', expected '5'");
        talk.Ledger.End(id, 0, 0);
    }

    /// <summary>The client gives up in the middle of a stream.</summary>
    public static async Task CancelAsync(Conversation talk)
    {
        var draw = talk.Draw;
        var wish = new BodyWish { Seed = draw.Next(), Upload = 1, Pieces = 500, Size = draw.Size(20_000) };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, "Cancelled", wish, id);
        request.Content = new Messages(wish, 1);
        using var response = await SendAsync(talk, request);
        MustAnswer(response, talk.Ledger.Text(id));
        await using var body = await response.Content.ReadAsStreamAsync(talk.Bound);
        int read = draw.Below(20);
        for (int i = 0; i < read; i++) await ReadMessageAsync(body, wish.Seed + (ulong)i, (int)wish.Size, talk.Bound);
        talk.Ledger.End(id);
    }

    /// <summary>The server never answers; the mesh ends the call at the client's deadline.</summary>
    public static async Task DeadlineAsync(Conversation talk)
    {
        var wish = new BodyWish { Seed = talk.Draw.Next(), Upload = 0 };
        int id = talk.Ledger.Begin();
        using var request = Request(talk, "Hang", wish, id);
        request.Headers.Add("grpc-timeout", string.Create(CultureInfo.InvariantCulture, $"{50 + talk.Draw.Below(300)}m"));
        request.Content = new Messages(wish, 0);
        using var response = await SendAsync(talk, request);
        await using var body = await response.Content.ReadAsStreamAsync(talk.Bound);
        await MustEndAsync(body, talk.Bound);
        string status = response.Headers.TryGetValues("grpc-status", out var head) ? head.First()
            : response.TrailingHeaders.TryGetValues("grpc-status", out var trailer) ? trailer.First() : "none";
        if (status != DeadlineExceeded.ToString(CultureInfo.InvariantCulture)) throw new WrongException($"grpc-status '{status}', expected '{DeadlineExceeded}'; {response}");
        talk.Ledger.End(id);
    }

    private static HttpRequestMessage Request(Conversation talk, string method, BodyWish wish, int id)
    {
        talk.Doing = $"gRPC {method} at {talk.Target.Host}:{talk.Target.Http2} {wish.Target} as {talk.Ledger.Text(id)}";
        var request = HttpClients.Request(HttpMethod.Post, talk.Target.Host, talk.Target.Http2, $"/soak.Echo/{method}", isHttp2: true, talk.Ledger.Text(id));
        request.Headers.Add(GrpcApplication.WishField, wish.Target[(wish.Target.IndexOf('?') + 1)..]);
        request.Headers.Add("te", "trailers");
        return request;
    }

    private static Task<HttpResponseMessage> SendAsync(Conversation talk, HttpRequestMessage request) =>
        talk.Http.Of(true).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, talk.Bound);

    private static void MustAnswer(HttpResponseMessage response, string id)
    {
        string of = response.Headers.TryGetValues(BodyApplication.IdField, out var values) ? values.First() : "";
        if (response.StatusCode != HttpStatusCode.OK || of != id) throw new WrongException($"answer to '{of}', expected {id}: {response}");
    }

    private static void MustHave(HttpResponseMessage response, string trailer, int expected)
    {
        string seen = response.TrailingHeaders.TryGetValues(trailer, out var values) ? string.Join(",", values) : "none";
        if (seen != expected.ToString(CultureInfo.InvariantCulture)) throw new WrongException($"trailer {trailer} '{seen}', expected '{expected}'; {response}");
    }

    private static async Task ReadMessageAsync(Stream body, ulong seed, int length, CancellationToken bound)
    {
        byte[] bytes = new byte[length + Prefix];
        int read = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, bound);
        if (read < bytes.Length) throw new WrongException($"the stream ended after {read} bytes of a message of {length}");
        if (bytes[0] != 0 || BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(1)) != length) throw new WrongException($"prefix {Convert.ToHexStringLower(bytes.AsSpan(0, Prefix))}, expected length {length}");
        new PatternCheck(seed, length).Must(bytes.AsSpan(Prefix));
    }

    private static async Task MustEndAsync(Stream body, CancellationToken bound)
    {
        byte[] rest = new byte[64];
        int read = await body.ReadAsync(rest, bound);
        if (read > 0) throw new WrongException($"more than expected: {Convert.ToHexStringLower(rest.AsSpan(0, read))}");
    }

    /// <summary>Messages, each flushed.</summary>
    private sealed class Messages : HttpContent
    {
        private readonly BodyWish wish;
        private readonly int count;

        public Messages(BodyWish wish, int count)
        {
            (this.wish, this.count) = (wish, count);
            Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            byte[] message = new byte[wish.Size + Prefix];
            BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), (int)wish.Size);
            await stream.FlushAsync();
            for (int i = 0; i < count; i++)
            {
                Pattern.Fill(wish.UploadSeed + (ulong)i, 0, message.AsSpan(Prefix));
                await stream.WriteAsync(message);
                await stream.FlushAsync();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
