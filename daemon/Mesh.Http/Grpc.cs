namespace Mesh.Http;

/// <summary>What a proxy has to know of gRPC over HTTP/2.</summary>
public static class Grpc
{
    /// <summary>By its content-type: application/grpc, alone or with +format or ;parameters. Not gRPC-Web, which is ordinary HTTP.</summary>
    public static bool IsGrpc(HeaderList headers)
    {
        if (!headers.TryGet("content-type"u8, out var type)) return false;
        return type.StartsWith("application/grpc"u8) && (type.Length == 16 || type[16] is (byte)'+' or (byte)';');
    }
}
