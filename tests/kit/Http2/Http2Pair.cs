using Mesh.Http.Http2;
using Mesh.Io;
using Mesh.Kit.Connections;

namespace Mesh.Kit.Http2;

/// <summary>A client and a server connection that are joined in memory and run.</summary>
public sealed class Http2Pair
{
    public Http2Pair(
        Loop loop, Http2Settings? clientSettings = null, Http2Settings? serverSettings = null,
        Http2Limits? clientLimits = null, Http2Limits? serverLimits = null, int bufferBytes = MemoryConnection.DefaultBufferBytes)
    {
        (ClientTransport, ServerTransport) = MemoryConnection.Pair(loop, bufferBytes: bufferBytes);
        Client = Http2Connection.Client(ClientTransport, clientSettings ?? Http2Settings.Client, clientLimits);
        Server = Http2Connection.Server(ServerTransport, serverSettings ?? Http2Settings.Server, serverLimits);
        ClientRun = loop.RunAsync(Client.RunAsync);
        ServerRun = loop.RunAsync(Server.RunAsync);
    }

    public MemoryConnection ClientTransport { get; }
    public MemoryConnection ServerTransport { get; }
    public Http2Connection Client { get; }
    public Http2Connection Server { get; }
    public Task ClientRun { get; }
    public Task ServerRun { get; }
}
