using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Mesh.Soak.Bodies;
using Microsoft.AspNetCore.Http;

namespace Mesh.Soak.Serving;

/// <summary>Answers what a <see cref="BodyWish"/> asks for, and says what it thinks of the request's body.</summary>
internal static class BodyApplication
{
    /// <summary>The request's id, so that an answer to somebody else's request is known.</summary>
    public const string IdField = "x-of";

    /// <summary>"ok" or what was wrong with the request's body.</summary>
    public const string UploadField = "x-upload";

    /// <summary>A trailer with the size of the body.</summary>
    public const string SizeTrailer = "x-size";

    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(2);

    public static async Task HandleAsync(HttpContext context, Complaints complaints)
    {
        var (request, response) = (context.Request, context.Response);
        var wish = BodyWish.Parse(request.QueryString.Value![1..]);
        response.StatusCode = wish.Status;
        response.Headers[IdField] = request.Headers["x-request-id"];
        if (wish.Upload < 0)
        {
            await MustBeBrokenOffAsync(context, complaints);
            return;
        }
        if (wish is { Early: false, Echo: false }) response.Headers[UploadField] = await CheckAsync(request.BodyReader, wish);
        if (wish.Framing == Framing.Length && wish is { Echo: false, Status: not (204 or 304) }) response.ContentLength = wish.Size;
        if (HttpMethods.IsHead(request.Method) || wish.Status is 204 or 304) return;
        if (wish.Echo) await EchoAsync(request.BodyReader, response.BodyWriter);
        else await WriteAsync(context, wish);
        if (wish.Trailers && response.SupportsTrailers()) response.AppendTrailer(SizeTrailer, wish.Size.ToString(CultureInfo.InvariantCulture));
    }

    public static async Task<string> CheckAsync(PipeReader body, BodyWish wish)
    {
        var check = new PatternCheck(wish.UploadSeed, wish.Upload);
        while (true)
        {
            var read = await body.ReadAsync();
            foreach (var piece in read.Buffer) check.Take(piece.Span);
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) break;
        }
        check.End();
        return check.Problem ?? "ok";
    }

    /// <summary>The client will end in the middle: its body must never look complete.</summary>
    private static async Task MustBeBrokenOffAsync(HttpContext context, Complaints complaints)
    {
        try
        {
            await context.Request.BodyReader.CopyToAsync(Stream.Null);
        }
        catch (Exception error) when (error is IOException or BadHttpRequestException or OperationCanceledException)
        {
            return;
        }
        complaints.Say($"the body of {context.Request.Headers["x-request-id"]} ended in order, but its client broke it off: {context.Request.QueryString}");
    }

    private static async Task EchoAsync(PipeReader from, PipeWriter to)
    {
        while (true)
        {
            var read = await from.ReadAsync();
            foreach (var piece in read.Buffer) to.Write(piece.Span);
            from.AdvanceTo(read.Buffer.End);
            if (!read.Buffer.IsEmpty) await to.FlushAsync();
            if (read.IsCompleted) return;
        }
    }

    private static async Task WriteAsync(HttpContext context, BodyWish wish)
    {
        var body = context.Response.BodyWriter;
        int piece = wish.Pieces > 0 ? (int)(wish.Size / wish.Pieces) + 1 : 30_011;
        for (long sent = 0; sent < wish.Size;)
        {
            int length = (int)Math.Min(piece, wish.Size - sent);
            if (wish.ResetAt >= 0 && sent + length > wish.ResetAt) length = (int)(wish.ResetAt - sent);
            Pattern.Fill(wish.Seed, sent, body.GetSpan(length)[..length]);
            body.Advance(length);
            sent += length;
            if ((await body.FlushAsync(context.RequestAborted)).IsCompleted) return;
            if (wish.Pieces > 0) await Task.Delay(pause, TimeProvider.System);
            if (sent == wish.ResetAt)
            {
                context.Abort();
                return;
            }
        }
    }
}
