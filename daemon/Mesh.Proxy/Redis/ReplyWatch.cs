using Mesh.Http.Resp;
using Mesh.Proxy.Redis.Spreading;

namespace Mesh.Proxy.Redis;

/// <summary>Tells the conversation of every reply.</summary>
/// <param name="spread">Null where no reads go elsewhere.</param>
/// <param name="now">When what is being read was received.</param>
internal readonly struct ReplyWatch(RedisConversation conversation, RedisSpread? spread, long now, bool stops) : IRespReplySink
{
    public bool WantsWords => conversation.HasMessages;

    /// <returns>False where the next reply is not to be forwarded as it is.</returns>
    public bool Reply(in RespReply reply)
    {
        spread?.PrimaryAnswered(reply, now);
        return conversation.Answered(reply, now) || !stops;
    }
}
