namespace Mesh.Http.Resp;

/// <summary>Name, categories and where the keys are, of every command of Redis 8 and its relatives that come without modules. A test compares it with
/// what the installed server says of itself.
/// <para>Categories, as in Redis' own access lists: r read, w write, a admin, d dangerous, b blocking, p pubsub, c connection, t transaction, s scripting,
/// k keyspace. Keys: first, last (negative: from the end) and step of their positions, or a rule of <see cref="KeyRule"/>.</para></summary>
internal static class RedisCommandTable
{
    public const string Text = """
        acl ad any
        append w 1 1
        asking c none
        auth c none
        bgrewriteaof ad any
        bgsave ad any
        bitcount r 1 1
        bitfield w 1 1
        bitfield_ro r 1 1
        bitop w 2 -1
        bitpos r 1 1
        blmove wb 1 2
        blmpop wb counted 2
        blpop wb 1 -2
        brpop wb 1 -2
        brpoplpush wb 1 2
        bzmpop wb counted 2
        bzpopmax wb 1 -2
        bzpopmin wb 1 -2
        client c none
        client|kill cad none
        client|list cad none
        client|no-evict cad none
        client|pause cad none
        client|unblock cad none
        client|unpause cad none
        cluster ad any
        command c none
        config ad any
        copy wk 1 2
        dbsize rk any
        debug ad any
        decr w 1 1
        decrby w 1 1
        del wk 1 -1
        discard t none
        dump rk 1 1
        echo c none
        eval s script 2
        eval_ro s script 2
        evalsha s script 2
        evalsha_ro s script 2
        exec t none
        exists rk 1 -1
        expire wk 1 1
        expireat wk 1 1
        expiretime rk 1 1
        failover ad any
        fcall s script 2
        fcall_ro s script 2
        flushall wdk any
        flushdb wdk any
        function wds any
        geoadd w 1 1
        geodist r 1 1
        geohash r 1 1
        geopos r 1 1
        georadius w radius
        georadius_ro r 1 1
        georadiusbymember w radius
        georadiusbymember_ro r 1 1
        geosearch r 1 1
        geosearchstore w 1 2
        get r 1 1
        getbit r 1 1
        getdel w 1 1
        getex w 1 1
        getrange r 1 1
        getset w 1 1
        hdel w 1 1
        hello c none
        hexists r 1 1
        hexpire w 1 1
        hexpireat w 1 1
        hexpiretime r 1 1
        hget r 1 1
        hgetall r 1 1
        hgetdel w 1 1
        hgetex w 1 1
        hincrby w 1 1
        hincrbyfloat w 1 1
        hkeys r 1 1
        hlen r 1 1
        hmget r 1 1
        hmset w 1 1
        hpersist w 1 1
        hpexpire w 1 1
        hpexpireat w 1 1
        hpexpiretime r 1 1
        hpttl r 1 1
        hrandfield r 1 1
        hscan r 1 1
        hset w 1 1
        hsetex w 1 1
        hsetnx w 1 1
        hstrlen r 1 1
        httl r 1 1
        hvals r 1 1
        incr w 1 1
        incrby w 1 1
        incrbyfloat w 1 1
        info d none
        keys rdk any
        lastsave ad none
        latency ad any
        lcs r 1 2
        lindex r 1 1
        linsert w 1 1
        llen r 1 1
        lmove w 1 2
        lmpop w counted 1
        lolwut r none
        lpop w 1 1
        lpos r 1 1
        lpush w 1 1
        lpushx w 1 1
        lrange r 1 1
        lrem w 1 1
        lset w 1 1
        ltrim w 1 1
        memory r 2 2
        mget r 1 -1
        migrate wdk any
        module ad any
        monitor ad any
        move wk 1 1
        mset w 1 -1 2
        msetnx w 1 -1 2
        multi t none
        object rk 2 2
        persist wk 1 1
        pexpire wk 1 1
        pexpireat wk 1 1
        pexpiretime rk 1 1
        pfadd w 1 1
        pfcount r 1 -1
        pfdebug wad 2 2
        pfmerge w 1 -1
        pfselftest ad any
        ping c none
        psetex w 1 1
        psubscribe p 1 -1 patterns
        psync ad any
        pttl rk 1 1
        publish p 1 1
        pubsub p any
        punsubscribe p none
        quit c none
        randomkey rk any
        readonly c none
        readwrite c none
        rename wk 1 2
        renamenx wk 1 2
        replconf ad any
        replicaof ad any
        reset c none
        restore wdk 1 1
        restore-asking wdk 1 1
        role ad none
        rpop w 1 1
        rpoplpush w 1 2
        rpush w 1 1
        rpushx w 1 1
        sadd w 1 1
        save ad any
        scan rk any
        scard r 1 1
        script s any
        sdiff r 1 -1
        sdiffstore w 1 -1
        select c none
        set w 1 1
        setbit w 1 1
        setex w 1 1
        setnx w 1 1
        setrange w 1 1
        shutdown ad any
        sinter r 1 -1
        sintercard r counted 1
        sinterstore w 1 -1
        sismember r 1 1
        slaveof ad any
        slowlog ad any
        smembers r 1 1
        smismember r 1 1
        smove w 1 2
        sort wd sort
        sort_ro rd sort
        spop w 1 1
        spublish p 1 1
        srandmember r 1 1
        srem w 1 1
        sscan r 1 1
        ssubscribe p 1 -1
        strlen r 1 1
        subscribe p 1 -1
        substr r 1 1
        sunion r 1 -1
        sunionstore w 1 -1
        sunsubscribe p none
        swapdb wdk any
        sync ad any
        time - none
        touch rk 1 -1
        ttl rk 1 1
        type rk 1 1
        unlink wk 1 -1
        unsubscribe p none
        unwatch t none
        wait bc none
        waitaof bc none
        watch t 1 -1
        xack w 1 1
        xackdel w 1 1
        xadd w 1 1
        xautoclaim w 1 1
        xclaim w 1 1
        xdel w 1 1
        xdelex w 1 1
        xgroup w 2 2
        xinfo r 2 2
        xlen r 1 1
        xpending r 1 1
        xrange r 1 1
        xread rb streams
        xreadgroup wb streams
        xrevrange r 1 1
        xsetid w 1 1
        xtrim w 1 1
        zadd w 1 1
        zcard r 1 1
        zcount r 1 1
        zdiff r counted 1
        zdiffstore w counted-to 2
        zincrby w 1 1
        zinter r counted 1
        zintercard r counted 1
        zinterstore w counted-to 2
        zlexcount r 1 1
        zmpop w counted 1
        zmscore r 1 1
        zpopmax w 1 1
        zpopmin w 1 1
        zrandmember r 1 1
        zrange r 1 1
        zrangebylex r 1 1
        zrangebyscore r 1 1
        zrangestore w 1 2
        zrank r 1 1
        zrem w 1 1
        zremrangebylex w 1 1
        zremrangebyrank w 1 1
        zremrangebyscore w 1 1
        zrevrange r 1 1
        zrevrangebylex r 1 1
        zrevrangebyscore r 1 1
        zrevrank r 1 1
        zscan r 1 1
        zscore r 1 1
        zunion r counted 1
        zunionstore w counted-to 2
        """;
}
