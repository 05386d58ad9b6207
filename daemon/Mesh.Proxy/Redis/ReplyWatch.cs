using Mesh.Http.Resp;

namespace Mesh.Proxy.Redis;

/// <summary>Tells the conversation of every reply.</summary>
/// <param name="now">When what is being read was received.</param>
internal readonly struct ReplyWatch(RedisConversation conversation, long now, bool stops) : IRespReplySink
{
    public bool WantsWords => conversation.HasMessages;

    /// <returns>False where the next reply is not to be forwarded as it is.</returns>
    public bool Reply(in RespReply reply) => conversation.Answered(reply, now) || !stops;
}
