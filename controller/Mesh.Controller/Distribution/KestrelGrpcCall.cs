using System.IO.Pipelines;
using Mesh.Protocol.Grpc;
using Microsoft.AspNetCore.Http;

namespace Mesh.Controller.Distribution;

/// <summary>A call over one of Kestrel's HTTP/2 streams.</summary>
internal sealed class KestrelGrpcCall(HttpContext context, string? peerUri) : GrpcServerCall
{
    private GrpcMetadata? metadata;

    public override string Path => context.Request.Path.Value ?? "";

    public override GrpcMetadata Metadata => metadata ??= ReadMetadata();

    public override string? PeerUri => peerUri;

    public override string PeerAddress => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";

    public override PipeReader Input => context.Request.BodyReader;

    public override PipeWriter Output => context.Response.BodyWriter;

    public override CancellationToken Ended => context.RequestAborted;

    private GrpcMetadata ReadMetadata()
    {
        var read = new GrpcMetadata();
        foreach (var (name, values) in context.Request.Headers)
        {
            foreach (string? value in values) read.Add(name, value ?? "");
        }
        return read;
    }
}
