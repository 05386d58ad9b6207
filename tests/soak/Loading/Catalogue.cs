using Mesh.Soak.Loading.Kinds;

namespace Mesh.Soak.Loading;

/// <summary>Every kind of traffic and its share.</summary>
internal static class Catalogue
{
    public static IReadOnlyList<TrafficKind> All { get; } =
    [
        new("download", 30, HasHttp, Kinds.Bodies.DownloadAsync),
        new("upload", 20, HasHttp, Kinds.Bodies.UploadAsync),
        new("echo", 10, HasHttp, Kinds.Bodies.EchoAsync),
        new("server-reset", 5, HasHttp, Kinds.Bodies.ServerResetAsync),
        new("leave", 5, HasHttp, Kinds.Bodies.LeaveAsync),
        new("break-upload", 5, HasHttp, Kinds.Bodies.BreakUploadOffAsync),
        new("early-answer", 2, HasHttp, Kinds.Bodies.EarlyAnswerAsync),
        new("pipeline", 10, HasHttp, RawRequests.PipelineAsync),
        new("raw-early-answer", 3, HasHttp, RawRequests.EarlyAnswerAsync),
        new("rude-answer", 3, HasHttp, RawRequests.RudeAnswerAsync),
        new("raw-leave", 5, HasHttp, RawRequests.LeaveAsync),
        new("grpc", 15, HasHttp, Calls.CallAsync),
        new("grpc-fail", 2, HasHttp, Calls.FailAsync),
        new("grpc-cancel", 3, HasHttp, Calls.CancelAsync),
        new("grpc-deadline", 3, HasHttp, Calls.DeadlineAsync),
        new("websocket", 10, HasHttp, Kinds.WebSockets.TalkAsync),
        new("redis", 8, static target => target.Redis > 0, Stores.TalkAsync),
        new("talk", 15, static target => target.Talk > 0, Talks.PlainAsync),
        new("talk-detected", 5, static target => target.DetectedTalk > 0, Talks.DetectedAsync),
        new("talk-greeted", 5, static target => target.Greeting > 0, Talks.GreetedAsync),
        new("talk-tls", 5, static target => target.Tls > 0, Talks.TlsAsync),
        new("barely", 5, static target => target.Talk > 0, Talks.BarelyAsync),
    ];

    private static bool HasHttp(Target target) => target.Http1 > 0;
}
