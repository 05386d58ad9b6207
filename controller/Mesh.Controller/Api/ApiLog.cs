using Microsoft.Extensions.Logging;

namespace Mesh.Controller.Api;

/// <summary>Event ids 1000 to 1099.</summary>
internal sealed partial class ApiLog(ILogger logger)
{
    private readonly ILogger logger = logger;

    [LoggerMessage(1000, LogLevel.Error, "{Method} {Path} failed")]
    public partial void Failed(string method, string path, Exception failure);

    [LoggerMessage(1001, LogLevel.Information, "{User} {Method} {Path}: {Code}")]
    public partial void Changed(string user, string method, string path, int code);

    [LoggerMessage(1002, LogLevel.Warning, "{Peer} {Method} {Path} refused: {Reason}")]
    public partial void Refused(string peer, string method, string path, string reason);
}
