using Microsoft.Extensions.Logging;

namespace Mesh.Controller.Distribution;

/// <summary>What the controller says about its nodes. Event ids 2000 to 2099.</summary>
internal sealed partial class DistributionLog(ILogger logger)
{
    private readonly ILogger logger = logger;

    [LoggerMessage(2000, LogLevel.Information, "node {Node} joined from {Address}, meshd {Version}")]
    public partial void Joined(string node, string address, string version);

    [LoggerMessage(2001, LogLevel.Warning, "join of node {Node} from {Address} refused: {Reason}")]
    public partial void JoinRefused(string node, string address, string reason);

    [LoggerMessage(2002, LogLevel.Warning, "certificate for {Identity} refused to node {Node} at {Address}: {Reason}")]
    public partial void CertificateRefused(string identity, string node, string address, string reason);

    [LoggerMessage(2003, LogLevel.Information, "certificate for {Identity} issued to node {Node}, valid until {NotAfter:u}")]
    public partial void CertificateIssued(string identity, string node, DateTimeOffset notAfter);

    [LoggerMessage(2004, LogLevel.Information, "node {Node} connected from {Address}")]
    public partial void Connected(string node, string address);

    [LoggerMessage(2005, LogLevel.Information, "node {Node} disconnected: {Reason}")]
    public partial void Disconnected(string node, string reason);

    [LoggerMessage(2006, LogLevel.Warning, "node {Node} rejects {TypeUrl} {Name} at version {Version}: {Reason}")]
    public partial void Rejected(string node, string typeUrl, string name, string version, string reason);

    [LoggerMessage(2007, LogLevel.Warning, "a client at {Address} was refused: {Reason}")]
    public partial void ClientRefused(string address, string reason);

    [LoggerMessage(2008, LogLevel.Error, "the state of node {Node} could not be stored and will be tried again")]
    public partial void NodeNotWritten(string node, Exception error);

    [LoggerMessage(2009, LogLevel.Error, "call {Path} failed")]
    public partial void CallFailed(string path, Exception error);
}
