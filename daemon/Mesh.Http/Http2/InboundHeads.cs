using Mesh.Http.Hpack;
using Mesh.Io;

namespace Mesh.Http.Http2;

/// <summary>Complete header blocks: requests and their trailers on servers, responses and theirs on clients (RFC 9113 section 8).</summary>
internal sealed class InboundHeads(Http2Connection connection)
{
    private readonly HpackDecoder decoder = new(HpackDecoder.DefaultTableSize);
    private readonly StreamTable streams = connection.Streams;

    /// <summary>Before the block is decoded: may it come on this stream at all?</summary>
    public void CheckStreamId(int id)
    {
        if (streams.TryGet(id, out _) || streams.WasResetHere(id)) return;
        if ((id & 1) == 0 || !connection.IsServer && streams.IsIdle(id))
            throw new Http2ProtocolException(ErrorCode.ProtocolError, $"HEADERS on stream {id}, which the peer may not begin (RFC 9113 5.1.1)");
        if (!streams.IsIdle(id))
            throw new Http2ProtocolException(ErrorCode.StreamClosed, $"HEADERS on stream {id}, which is closed (RFC 9113 5.1)");
    }

    public void OnBlock(int id, ReadOnlySpan<byte> block, bool endStream)
    {
        var fields = connection.RentHeaders();
        bool fits = decoder.Decode(block, fields, connection.Settings.MaxHeaderListBytes);
        bool kept = streams.TryGet(id, out var stream)
            ? OnMoreFields(stream, fields, fits, endStream)
            : connection.IsServer && streams.IsIdle(id) ? OnRequest(id, fields, fits, endStream) : OnClosed();
        if (!kept) connection.ReturnHeaders(fields);
    }

    private bool OnRequest(int id, HeaderList fields, bool fits, bool endStream)
    {
        streams.LastPeerId = id;
        if (connection.IsBeyondGoAway(id))
        {
            streams.RememberReset(id);
            return false;
        }
        if (connection.IsFull) return Refuse(id, ErrorCode.RefusedStream, "more streams than SETTINGS_MAX_CONCURRENT_STREAMS allows");
        if (!fits)
        {
            connection.OnRefused?.Invoke(fields, new HttpMessageException(431, $"the header is longer than {connection.Settings.MaxHeaderListBytes} bytes"));
            connection.AnswerHeadTooLarge(id, endStream);
            return false;
        }
        if (MessageRules.CheckRequest(fields, connection.Settings.ExtendedConnect) is { } wrong) return RefuseRequest(id, fields, wrong);
        if (!MessageRules.TryGetContentLength(fields, out long length) || endStream && length > 0)
            return RefuseRequest(id, fields, "content-length is not a number, or not that of the body (RFC 9113 8.1.1)");
        fields.TryGet(":method"u8, out var method);
        bool isConnect = method.SequenceEqual("CONNECT"u8);
        // What follows belongs to the tunnel: whoever read the request as HTTP/1.1 would wait for content, and take it from the next request.
        if (isConnect && length > 0) return RefuseRequest(id, fields, "CONNECT has no content, but a content-length (RFC 9110 9.3.6)");
        var stream = StreamPool.Rent(connection, id);
        stream.Headers = fields;
        stream.IsConnectRequest = isConnect;
        stream.Promise(isConnect ? -1 : length);
        connection.OnRequest(stream);
        if (endStream) connection.EndRemote(stream);
        return true;
    }

    private bool RefuseRequest(int id, HeaderList fields, string reason)
    {
        connection.OnRefused?.Invoke(fields, new HttpMessageException(400, reason));
        return Refuse(id, ErrorCode.ProtocolError, reason);
    }

    private bool Refuse(int id, ErrorCode code, string reason)
    {
        connection.StreamError(id, code, reason);
        return false;
    }

    /// <summary>What was on its way when we reset the stream: decoded for the table's sake, and dropped.</summary>
    private bool OnClosed()
    {
        connection.CountLateFrame();
        return false;
    }

    private bool OnMoreFields(Http2Stream stream, HeaderList fields, bool fits, bool endStream)
    {
        if (stream.RemoteEnded) return Refuse(stream.Id, ErrorCode.StreamClosed, "HEADERS after END_STREAM (RFC 9113 5.1)");
        if (!fits) return Refuse(stream.Id, ErrorCode.EnhanceYourCalm, $"a head of more than {connection.Settings.MaxHeaderListBytes} bytes");
        return connection.IsServer || stream.FinalHeadReceived
            ? OnTrailers(stream, fields, endStream)
            : OnResponse(stream, fields, endStream);
    }

    private bool OnTrailers(Http2Stream stream, HeaderList fields, bool endStream)
    {
        if (!endStream) return Refuse(stream.Id, ErrorCode.ProtocolError, "trailers without END_STREAM (RFC 9113 8.1)");
        if (MessageRules.CheckTrailers(fields) is { } wrong) return Refuse(stream.Id, ErrorCode.ProtocolError, wrong);
        ForbiddenTrailers.Drop(fields);
        stream.Trailers = fields;
        connection.EndRemote(stream);
        return true;
    }

    private bool OnResponse(Http2Stream stream, HeaderList fields, bool endStream)
    {
        if (MessageRules.CheckResponse(fields, out int status) is { } wrong) return Refuse(stream.Id, ErrorCode.ProtocolError, wrong);
        if (status < 200)
        {
            if (endStream) return Refuse(stream.Id, ErrorCode.ProtocolError, "a 1xx head with END_STREAM (RFC 9113 8.1)");
            if (stream.InterimHeads >= connection.Limits.MaxInterimHeads) return Refuse(stream.Id, ErrorCode.EnhanceYourCalm, "too many 1xx heads");
            stream.OnHead(fields);
            return true;
        }
        if (!MessageRules.TryGetContentLength(fields, out long length)) return Refuse(stream.Id, ErrorCode.ProtocolError, "content-length is not a number");
        bool bodyless = stream.IsHeadRequest || status is 204 or 304;
        bool tunnel = stream.IsConnectRequest && status is >= 200 and < 300;
        stream.Promise(tunnel ? -1 : bodyless ? 0 : length);
        stream.FinalHeadReceived = true;
        stream.OnHead(fields);
        if (endStream) connection.EndRemote(stream);
        return true;
    }
}
